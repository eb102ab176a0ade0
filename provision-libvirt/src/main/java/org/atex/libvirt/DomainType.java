package org.atex.libvirt;

/** How the processor of a virtual machine is provided. */
public enum DomainType {
    /** By emulation, which works on every host. Slow. */
    QEMU,

    /** By the hardware of the host. */
    KVM,

    /**
     * By the hardware if a first virtual machine boots with it within {@link GuestTemplate#proveWithin}, by emulation
     * otherwise. The device {@code /dev/kvm} is no proof: on some hosts it exists, and a usual kernel does not boot.
     */
    PROVEN;

    /** {@return the value of the attribute {@code type} of a domain} */
    String attribute() {
        return this == KVM ? "kvm" : "qemu";
    }
}
