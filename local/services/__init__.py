"""PostgreSQL, RabbitMQ and Redis of one checkout: native, containers or external."""
