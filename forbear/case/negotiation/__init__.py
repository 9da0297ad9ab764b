"""What is handed out about a case: the negotiation pack as files and for print."""
