"""What a cloud team imports: decode appliance messages, keep devices, open and work cases."""
