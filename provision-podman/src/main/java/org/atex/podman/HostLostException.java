package org.atex.podman;

import java.io.IOException;

/** Thrown if the connection to the host of containers is lost or closed. */
final class HostLostException extends IOException {
    private static final long serialVersionUID = 1L;

    HostLostException(String host, RuntimeException cause) {
        super("its host " + host + " is lost: " + cause.getMessage(), cause);
    }
}
