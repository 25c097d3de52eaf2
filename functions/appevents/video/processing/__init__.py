"""The worker that makes what is shown of an uploaded file. It trusts nothing in the file."""
