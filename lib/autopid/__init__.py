"""AutoPID: which requests to send to the car, how to decode the answers, and the group of latest values."""
