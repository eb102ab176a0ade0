package org.atex.libvirt;

/** The network of a virtual machine. None of them needs a bridge, an address of the host, or root. */
public enum GuestNetwork {
    /** No network. The connection needs another way, such as a serial line. */
    NONE,

    /** The ssh port of the system is reachable from the host; the system reaches neither the host nor other machines. */
    ISOLATED,

    /** Like {@link #ISOLATED}, but the system can open connections as the host can. */
    USER
}
