"""What banking asks and knows of the broker itself: the banks' users, and how full queues are."""
