"""An HTTP gateway in front of functions, as API Gateway is in AWS."""
