package org.atex.fmf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.atex.fmf.tree.FmfAdjustment;
import org.atex.fmf.tree.FmfContext;

/** How a discovery goes about it. Immutable. */
final class Settings {
    private static final String LIBRARIES = "https://github.com/beakerlib";

    /** Capital and small letters are the same in conditions: so it is for tmt. */
    static final FmfAdjustment ADJUSTMENT = FmfAdjustment.defaults().withCaseSensitive(false);

    private FmfContext context = FmfContext.empty();
    private FmfCache cache = FmfCache.standard();
    private boolean libraries = true;
    private String libraryUrl = LIBRARIES;
    private Trust trust = new Trust(false);
    private boolean disabledPlan;
    private Map<String, String> environment = Map.of();

    private Settings() {}

    static Settings defaults() {
        return new Settings();
    }

    private Settings with(Consumer<Settings> change) {
        Settings changed = new Settings();
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

    /** {@return what is known about where the tests will run} */
    FmfContext context() {
        return context;
    }

    Settings withContext(FmfContext value) {
        return with(settings -> settings.context = value);
    }

    /** {@return where other trees are fetched to} */
    FmfCache cache() {
        return cache;
    }

    Settings withCache(FmfCache value) {
        return with(settings -> settings.cache = value);
    }

    /** {@return whether libraries are fetched} */
    boolean libraries() {
        return libraries;
    }

    Settings withLibraries(boolean value) {
        return with(settings -> settings.libraries = value);
    }

    /** {@return what precedes the name of a repository of libraries} */
    String libraryUrl() {
        return libraryUrl;
    }

    Settings withLibraryUrl(String value) {
        return with(settings -> settings.libraryUrl = value);
    }

    /** {@return what metadata may ask of this machine} */
    Trust trust() {
        return trust;
    }

    Settings withTrust(Trust value) {
        return with(settings -> settings.trust = value);
    }

    /** {@return whether a plan is run that is not enabled} */
    boolean disabledPlan() {
        return disabledPlan;
    }

    Settings withDisabledPlan(boolean value) {
        return with(settings -> settings.disabledPlan = value);
    }

    /** {@return variables that win over those of plans} */
    Map<String, String> environment() {
        return environment;
    }

    Settings withEnvironment(Map<String, String> value) {
        return with(settings -> settings.environment = Collections.unmodifiableMap(new LinkedHashMap<>(value)));
    }
}
