"""What the record keeps about itself: heartbeats of queues, counts by day, and which key it is sealed with."""
