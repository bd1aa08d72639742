DefinitionBlock ("", "SSDT", 2, "NETBT", "BATTERY", 1)
{
    Scope (\_SB)
    {
        Device (BAT0)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, 0)
            Method (_STA, 0) { Return (0x1F) }
            Name (_BIX, Package () { 1, 1, 4400, 3520, 1, 11100, 440, 132, 287, 95000, 0xFFFFFFFF, 0xFFFFFFFF, 1000, 500, 1, 1, "45N1127", "3042", "LION", "SANYO", 0 })
            Name (_BIF, Package () { 1, 4400, 3520, 1, 11100, 440, 132, 1, 1, "45N1127", "3042", "LION", "SANYO" })
            Method (_BST, 0) { Return (Package () { 0, 0, 3300, 12200 }) }
        }
        Device (BAT1)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, 1)
            Method (_STA, 0) { Return (0x1F) }
            Name (_BIF, Package () { 0, 23760, 11880, 1, 11400, 1188, 200, 1, 1, "DELL NH6K9", "1201", "LiP", "SMP" })
            Method (_BST, 0) { Return (Package () { 0, 0, 11000, 12100 }) }
        }
        Device (AC)
        {
            Name (_HID, "ACPI0003")
            Method (_PSR, 0) { Return (1) }
            Name (_PCL, Package () { \_SB })
        }
    }
}
