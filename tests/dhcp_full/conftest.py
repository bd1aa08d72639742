from tests.dhcp.conftest import scapy_oracle

__all__ = ["scapy_oracle"]
