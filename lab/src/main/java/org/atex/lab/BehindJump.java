package org.atex.lab;

/**
 * A system that is reachable through a jump host only.
 *
 * @param jump the jump host
 * @param target the system behind it, which accepts packets from the jump host only
 */
public record BehindJump(SshSystem jump, SshSystem target) {}
