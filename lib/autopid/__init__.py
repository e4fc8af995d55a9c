"""AutoPID: which requests to send, how to decode the answers, and the group of latest values."""
