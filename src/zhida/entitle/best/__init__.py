"""The best lawful combination of one subject, of everyone, and the certificate that it is the best."""
