package org.atex.adhoc;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.atex.api.Aggregator;
import org.atex.api.Executor;
import org.atex.api.RunListener;
import org.atex.api.SystemHook;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a run needs to know, checked.
 *
 * @param tests what is run, in the order given
 * @param unreadable tests whose own methods fail, and how
 * @param provisioners where systems come from
 * @param offers what each provisioner says of its systems beforehand
 * @param notes what went wrong while the plan was made
 * @param hook what is done with each system first
 * @param factory what runs tests on systems
 * @param aggregator where results go
 * @param platforms the platforms that results name
 * @param listeners what is told of events
 * @param workDirectory where artifacts wait to be ingested, or null for a temporary place
 * @param rules the schedule's
 * @param limits how long user code may take
 * @param maxSlots how many slots of a system are used at the most
 * @param wall this machine's clock, which somebody may set
 * @param lastLines how many of the last lines of output are told of an attempt that did not pass
 */
record RunPlan(
        List<PlannedTest> tests,
        Map<PlannedTest, String> unreadable,
        List<NamedProvisioner> provisioners,
        List<Map<String, String>> offers,
        List<String> notes,
        SystemHook hook,
        Executor.Factory factory,
        Aggregator aggregator,
        Platforms platforms,
        List<RunListener> listeners,
        @Nullable Path workDirectory,
        Schedule.Rules rules,
        Limits limits,
        int maxSlots,
        InstantSource wall,
        int lastLines) {}
