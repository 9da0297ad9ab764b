"""Operations: servers, processes, health, metrics, replay and retention. Only what keeps Forbear running."""
