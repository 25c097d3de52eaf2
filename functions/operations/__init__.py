"""What an operator needs: health, metrics, documents, the migration step."""
