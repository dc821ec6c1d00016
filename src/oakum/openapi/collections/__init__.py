"""Collections of requests (Postman, Insomnia, Bruno) read as OpenAPI documents."""
