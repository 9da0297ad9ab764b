"""The conversation about a case: notes, contact, tasks, agreements, files. Comes in: a viewer's work. Stays inside."""
