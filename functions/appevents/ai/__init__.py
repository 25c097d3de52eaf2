"""The connector to an AI: a user's prompt goes to a chat endpoint of the operator's choice."""
