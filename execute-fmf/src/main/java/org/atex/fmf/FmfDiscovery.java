package org.atex.fmf;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;

/**
 * Selects the tests of a tree, or of all trees that a plan names. Names, filters, excludes and conditions of this class
 * are added to those of the plan, in each of its {@code discover} sections. Immutable and thread-safe: each method
 * returns a changed copy. Nothing is read before {@link #discover()}, {@link #plans()} or {@link #lint()}.
 */
public final class FmfDiscovery {
    private final FmfId from;
    private final String plan;
    private final TestSelection selection;
    private final DiscoverySettings settings;

    FmfDiscovery(FmfId from) {
        this(from, "", TestSelection.ALL, DiscoverySettings.defaults());
    }

    private FmfDiscovery(FmfId from, String plan, TestSelection selection, DiscoverySettings settings) {
        this.from = from;
        this.plan = plan;
        this.selection = selection;
        this.settings = settings;
    }

    private FmfDiscovery and(TestSelection other) {
        return new FmfDiscovery(from, plan, selection.and(other), settings);
    }

    private FmfDiscovery with(DiscoverySettings changed) {
        return new FmfDiscovery(from, plan, selection, changed);
    }

    /**
     * Follows a plan, which determines the tests, their trees and variables, and the preparation of systems.
     *
     * @param name the name of the plan, such as {@code /plans/smoke}
     * @return a changed copy
     */
    public FmfDiscovery plan(String name) {
        return new FmfDiscovery(from, name, selection, settings);
    }

    /**
     * Selects tests by name. Of several patterns, those of the plan included, one must match.
     *
     * @param pattern a regular expression that is searched for in names
     * @return a changed copy
     */
    public FmfDiscovery name(String pattern) {
        return and(new TestSelection(List.of(pattern), List.of(), List.of(), unused -> true));
    }

    /**
     * Selects tests by a filter. Of several filters, all must hold. A key that a test lacks has tmt's default value.
     *
     * @param expression an fmf filter, such as {@code tag: smoke & component: bash}
     * @return a changed copy
     */
    public FmfDiscovery filter(String expression) {
        return and(new TestSelection(List.of(), List.of(expression), List.of(), unused -> true));
    }

    /**
     * Excludes tests by name.
     *
     * @param pattern a regular expression that is searched for in names
     * @return a changed copy
     */
    public FmfDiscovery exclude(String pattern) {
        return and(new TestSelection(List.of(), List.of(), List.of(pattern), unused -> true));
    }

    /**
     * Selects tests by a condition in Java. Of several conditions, all must hold.
     *
     * @param condition called with the node of each test
     * @return a changed copy
     */
    public FmfDiscovery where(Predicate<FmfNode> condition) {
        return and(new TestSelection(List.of(), List.of(), List.of(), condition));
    }

    /**
     * Sets the context, which the {@code adjust} rules of all trees refer to.
     *
     * @param value the dimensions, such as {@code distro} and {@code arch}; empty by default
     * @return a changed copy
     */
    public FmfDiscovery context(FmfContext value) {
        return with(settings.withContext(value));
    }

    /**
     * Sets the cache for trees and libraries.
     *
     * @param value the cache; {@link FmfCache#standard()} by default
     * @return a changed copy
     */
    public FmfDiscovery cache(FmfCache value) {
        return with(settings.withCache(value));
    }

    /**
     * Ignores the libraries that tests require. Their packages are not installed.
     *
     * @return a changed copy
     */
    public FmfDiscovery withoutLibraries() {
        return with(settings.withLibraries(false));
    }

    /**
     * Sets the location of libraries that are required as {@code library(repository/name)}.
     *
     * @param url the URL that {@code /repository} is appended to; {@code https://github.com/beakerlib} by default
     * @return a changed copy
     */
    public FmfDiscovery withLibraryUrl(String url) {
        return with(settings.withLibraryUrl(url));
    }

    /**
     * Sets variables that override those of the plan. Texts of the plan may refer to them.
     *
     * @param variables the variables
     * @return a changed copy
     */
    public FmfDiscovery environment(Map<String, String> variables) {
        return with(settings.withEnvironment(variables));
    }

    /**
     * Allows a plan that is disabled.
     *
     * @return a changed copy
     */
    public FmfDiscovery withDisabledPlan() {
        return with(settings.withDisabledPlan(true));
    }

    /**
     * Trusts the metadata: they may name directories outside of their trees, and repositories by all protocols of git.
     * Metadata should be trusted only if their authors may run programs on this machine.
     *
     * @return a changed copy
     */
    public FmfDiscovery withTrustedMetadata() {
        return with(settings.withTrust(new Trust(true)));
    }

    /**
     * Reads the trees, fetches remote trees and libraries, and selects tests. Blocks until this is done. Keys of the
     * selected tests and of the plan that are probably misspelled, such as {@code reqiure}, are logged as warnings and
     * are in {@link FmfTests#warnings}.
     *
     * @return the tests, at least one
     * @throws FmfException if a tree or library cannot be fetched or read, if there is no such plan, or if no test is
     *     selected
     * @throws InterruptedException if interrupted while something was fetched
     */
    public FmfTests discover() throws InterruptedException {
        return new Discoverer(from, plan, selection, settings).discover();
    }

    /**
     * Lists the plans of the tree that are enabled in this context, including imported plans.
     *
     * @return their names, in the order of their {@code order} keys
     * @throws FmfException if a tree cannot be fetched or read
     * @throws InterruptedException if interrupted while something was fetched
     */
    public List<String> plans() throws InterruptedException {
        return List.copyOf(new PlanFinder(settings.cache().tree(from), from, settings).names(settings.disabledPlan()));
    }

    /**
     * Checks each plan and test of the tree in this context. An error in one of them does not affect others.
     *
     * @return the findings, plans first
     * @throws FmfException if the tree itself cannot be fetched or read
     * @throws InterruptedException if interrupted while something was fetched
     */
    public List<FmfFinding> lint() throws InterruptedException {
        return new Linter(from, selection, settings).findings();
    }
}
