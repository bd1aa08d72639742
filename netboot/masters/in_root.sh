#!/bin/sh
# Runs inside a master's new root, as mmdebstrap's last hook: the part that only the system's own programs can do.
# What it works from comes from system_root.py, beside it: words quoted for the shell, accounts, files, scripts.
set -eu
cd "$(dirname "$0")"
. ./words

# Every time that is written below is the newest of the packages', so that two builds agree.
SOURCE_DATE_EPOCH=$(find /usr/share/doc -name 'changelog*' -type f -printf '%Ts\n' | sort --numeric-sort | tail --lines 1)
export SOURCE_DATE_EPOCH
echo "$SOURCE_DATE_EPOCH" > epoch

tar --extract --file files-of-root.tar --directory / --keep-directory-symlink
while IFS=: read -r name sign_in groups title; do
    useradd --create-home --shell /bin/bash --comment "$title" --groups "$groups" "$name"
    case $sign_in in
    first-login)
        passwd --quiet --delete "$name"
        chage --lastday 0 "$name"
        ;;
    open)
        passwd --quiet --delete "$name"
        ;;
    esac
done < users
passwd --quiet --lock root
tar --extract --file files-of-users.tar --directory / --keep-directory-symlink

if [ ! -e /usr/sbin/NetworkManager ]; then
    systemctl enable systemd-networkd.service
fi
for unit in $MASK; do
    systemctl mask "$unit"
done

for script in script-*; do
    [ ! -e "$script" ] || (cd / && sh -eu "$OLDPWD/$script")
done

# The packages' own accounts were made today; the copies are of files as they were before.
sed --in-place --regexp-extended "s/^([^:]*:[^:]*:)[1-9][0-9]*:/\1$((SOURCE_DATE_EPOCH / 86400)):/" /etc/shadow
rm --force /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-

# The kernel's own hook was told to wait (INITRD=No): the initramfs is made once, with that time.
update-initramfs -c -k all
