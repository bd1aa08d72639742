"""What the lab's operator reads on the page."""

from netboot.lab.page_client import PageRow, page_rows

PAGE = """
<ul><li class="menu"></li></ul>
<table id="board"><thead><tr><th>PC</th></tr></thead><tbody>
<tr id="pc-52-54-00-77-00-01" data-state="done"><th>pc-1</th><td>
  <ul class="verdicts">
    <li class="erased"><span class="mono">LABDISK0001</span> <strong>effacé</strong></li>
    <li class="not-erased"><span class="mono">LABDISK0002</span> <strong>non effacé</strong></li>
  </ul></td></tr>
<tr id="pc-52-54-00-77-00-02" data-state="working"><td></td></tr>
</tbody></table>
"""


def test_a_row_tells_its_pcs_state_and_each_disks_verdict() -> None:
    assert page_rows(PAGE) == (
        PageRow("52:54:00:77:00:01", "done", (("LABDISK0001", "erased"), ("LABDISK0002", "not-erased"))),
        PageRow("52:54:00:77:00:02", "working", ()),
    )
