"""The HTTP handlers: what firmware and agents ask for (`boot_face`, `agent_link`), and what people see."""
