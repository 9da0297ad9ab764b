"""The base: settings, errors, logging, the vault and the stored packs. Only what every other room needs."""
