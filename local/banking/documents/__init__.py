"""Banking's own documents: what its consumers find in their queues."""
