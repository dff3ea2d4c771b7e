#!/bin/sh
IPT=/sbin/iptables
$IPT -P INPUT DROP
for p in 1 2; do
$IPT -A INPUT -p tcp --dport $p -j ACCEPT
done
ip6tables -A INPUT -s fd00::1 -j ACCEPT
"$IPT" -A INPUT -i $LAN -j LOG --log-prefix "$X: "
root@x:~# iptables -A INPUT -j DROP
Chain INPUT (policy ACCEPT)
