package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.fmf.tree.FmfAdjustment;
import org.atex.fmf.tree.FmfContext;

/** The settings of a discovery. Immutable. */
final class DiscoverySettings {
    private static final String LIBRARIES = "https://github.com/beakerlib";

    /** The adjustment of trees. Conditions are not case-sensitive, as in tmt. */
    static final FmfAdjustment ADJUSTMENT = FmfAdjustment.defaults().withCaseSensitive(false);

    private FmfContext context = FmfContext.empty();
    private FmfCache cache = FmfCache.standard();
    private boolean libraries = true;
    private String libraryUrl = LIBRARIES;
    private Trust trust = new Trust(false);
    private boolean disabledPlan;
    private Map<String, String> environment = Map.of();

    private DiscoverySettings() {}

    static DiscoverySettings defaults() {
        return new DiscoverySettings();
    }

    private DiscoverySettings with(Consumer<DiscoverySettings> change) {
        DiscoverySettings changed = new DiscoverySettings();
        changed.context = context;
        changed.cache = cache;
        changed.libraries = libraries;
        changed.libraryUrl = libraryUrl;
        changed.trust = trust;
        changed.disabledPlan = disabledPlan;
        changed.environment = environment;
        change.accept(changed);
        return changed;
    }

    /** {@return the context that the tests will run in} */
    FmfContext context() {
        return context;
    }

    DiscoverySettings withContext(FmfContext value) {
        return with(settings -> settings.context = value);
    }

    /** {@return the cache for fetched trees} */
    FmfCache cache() {
        return cache;
    }

    DiscoverySettings withCache(FmfCache value) {
        return with(settings -> settings.cache = value);
    }

    /** {@return whether libraries are fetched} */
    boolean libraries() {
        return libraries;
    }

    DiscoverySettings withLibraries(boolean value) {
        return with(settings -> settings.libraries = value);
    }

    /** {@return the URL prefix of repositories of libraries} */
    String libraryUrl() {
        return libraryUrl;
    }

    DiscoverySettings withLibraryUrl(String value) {
        return with(settings -> settings.libraryUrl = value);
    }

    /** {@return the permissions of metadata on this machine} */
    Trust trust() {
        return trust;
    }

    DiscoverySettings withTrust(Trust value) {
        return with(settings -> settings.trust = value);
    }

    /** {@return whether disabled plans are run} */
    boolean disabledPlan() {
        return disabledPlan;
    }

    DiscoverySettings withDisabledPlan(boolean value) {
        return with(settings -> settings.disabledPlan = value);
    }

    /** {@return variables that override those of plans} */
    Map<String, String> environment() {
        return environment;
    }

    DiscoverySettings withEnvironment(Map<String, String> value) {
        return with(settings -> settings.environment = Collections.unmodifiableMap(new LinkedHashMap<>(value)));
    }
}
