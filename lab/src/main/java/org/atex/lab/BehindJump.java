package org.atex.lab;

/**
 * A system that is reached through another one only.
 *
 * @param jump the jump host
 * @param target the system behind it; it answers the jump host and nobody else
 */
public record BehindJump(SshSystem jump, SshSystem target) {}
