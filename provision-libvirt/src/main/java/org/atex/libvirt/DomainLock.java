package org.atex.libvirt;

import java.time.Instant;

/**
 * The lock of a predefined domain. Immutable.
 *
 * @param domain the name of the domain
 * @param holder the program that holds it, for people: user, machine and process
 * @param until when it ends unless its holder renews it, by the clock of the host
 */
public record DomainLock(String domain, String holder, Instant until) {}
