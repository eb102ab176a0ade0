package org.atex.reportportal;

import java.time.Duration;

/** Options of tests. */
final class Portals {
    private Portals() {}

    /** {@return options with short pauses, and a limit that is not reached} */
    static ReportPortalOptions options(FakePortal portal) {
        return ReportPortalOptions.of(portal.endpoint(), FakePortal.PROJECT, FakePortal.TOKEN)
                .withLimit(Duration.ofMinutes(1))
                .withTuning(Tuning.DEFAULT.withPauses(Duration.ofMillis(1), Duration.ofMillis(4)));
    }
}
