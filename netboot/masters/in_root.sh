#!/bin/sh
# Runs inside a master's new root, as mmdebstrap's last hook: the part that only the system's own programs can do.
# Its words come from debian_root.py, quoted for the shell, in /netboot-recipe. Not for: files, which Python writes.
set -eu
. /netboot-recipe

# Every time that is written below is the newest of the packages', so that two builds agree.
SOURCE_DATE_EPOCH=$(find /usr/share/doc -name 'changelog*' -type f -printf '%Ts\n' | sort --numeric-sort | tail --lines 1)
export SOURCE_DATE_EPOCH
echo "$SOURCE_DATE_EPOCH" > /netboot-epoch

useradd --create-home --shell /bin/bash --comment "$USER_TITLE" --groups "$USER_GROUPS" "$USER_NAME"
if [ "$USER_SIGN_IN" = first-login ]; then
    passwd --quiet --delete "$USER_NAME"
    chage --lastday 0 "$USER_NAME"
fi
passwd --quiet --lock root

# The packages' own accounts were made today; the copies are of files as they were before.
sed --in-place --regexp-extended "s/^([^:]*:[^:]*:)[1-9][0-9]*:/\1$((SOURCE_DATE_EPOCH / 86400)):/" /etc/shadow
rm --force /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-

systemctl enable systemd-networkd.service
for unit in $MASK; do
    systemctl mask "$unit"
done

# The kernel's own hook was told to wait (INITRD=No): the initramfs is made once, with that time.
update-initramfs -c -k all
