"""RabbitMQ: connections, publishing with confirms in order per key, queues, an outbox's sender."""
