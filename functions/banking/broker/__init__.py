"""What banking knows of the broker beyond publishing: the state of the consumers' queues."""
