"""All reads for pages and API."""
