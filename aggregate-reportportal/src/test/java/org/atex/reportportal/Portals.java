package org.atex.reportportal;

import java.net.URI;
import java.time.Duration;

/** Options of tests. */
final class Portals {
    private Portals() {}

    /** {@return options with short pauses, and a limit that is not reached} */
    static ReportPortalOptions options() {
        return ReportPortalOptions.defaults()
                .withLimit(Duration.ofMinutes(1))
                .withTuning(Tuning.DEFAULT.withPauses(Duration.ofMillis(1), Duration.ofMillis(4)));
    }

    static ReportPortalProject project(URI endpoint) {
        return ReportPortalProject.of(endpoint, FakePortal.PROJECT, FakePortal.TOKEN);
    }
}
