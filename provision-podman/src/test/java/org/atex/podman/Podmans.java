package org.atex.podman;

import java.time.Duration;
import java.util.List;

/** Podman itself, as tests use it. */
final class Podmans {
    private Podmans() {}

    static String run(String... arguments) throws Exception {
        return new Podman(List.of("podman")).run(Duration.ofSeconds(60), arguments);
    }
}
