"""RabbitMQ: connections, publishing with confirms in order per key, and declaring queues."""
