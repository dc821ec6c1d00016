"""What an editor asks about a contract while somebody writes it; `oakum language-server`."""
