package org.atex.fmf;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;

/**
 * Chooses tests of a tree, or of all the trees that a plan names. Names, filters, excludes and conditions given here are
 * added to those of the plan, in each of its {@code discover} sections. Immutable: each method gives a changed copy.
 * Nothing is read before {@link #discover()}.
 */
public final class FmfDiscovery {
    private final FmfId from;
    private final String plan;
    private final Wanted wanted;
    private final Settings settings;

    FmfDiscovery(FmfId from) {
        this(from, "", Wanted.ALL, Settings.defaults());
    }

    private FmfDiscovery(FmfId from, String plan, Wanted wanted, Settings settings) {
        this.from = from;
        this.plan = plan;
        this.wanted = wanted;
        this.settings = settings;
    }

    private FmfDiscovery and(Wanted more) {
        return new FmfDiscovery(from, plan, wanted.and(more), settings);
    }

    private FmfDiscovery with(Settings changed) {
        return new FmfDiscovery(from, plan, wanted, changed);
    }

    /**
     * {@return this discovery, led by a plan: it says which tests, of which trees, with which variables, prepared how}
     *
     * @param name the plan's name, such as {@code /plans/smoke}
     */
    public FmfDiscovery plan(String name) {
        return new FmfDiscovery(from, name, wanted, settings);
    }

    /**
     * {@return this discovery, of tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names; of several, those of the plan included, any
     *     will do
     */
    public FmfDiscovery name(String pattern) {
        return and(new Wanted(List.of(pattern), List.of(), List.of(), unused -> true));
    }

    /**
     * {@return this discovery, of tests that a filter accepts}
     *
     * @param expression an fmf filter, such as {@code tag: smoke & component: bash}; of several, all must hold; keys that
     *     a test lacks have the values that tmt gives them
     */
    public FmfDiscovery filter(String expression) {
        return and(new Wanted(List.of(), List.of(expression), List.of(), unused -> true));
    }

    /**
     * {@return this discovery, without tests whose name matches}
     *
     * @param pattern a regular expression that is searched for in names
     */
    public FmfDiscovery exclude(String pattern) {
        return and(new Wanted(List.of(), List.of(), List.of(pattern), unused -> true));
    }

    /**
     * {@return this discovery, of tests that plain Java accepts}
     *
     * @param condition is asked of each test's node; of several, all must hold
     */
    public FmfDiscovery where(Predicate<FmfNode> condition) {
        return and(new Wanted(List.of(), List.of(), List.of(), condition));
    }

    /**
     * {@return this discovery, in another context: what the {@code adjust} rules of all trees ask about}
     *
     * @param value the dimensions, such as {@code distro} and {@code arch}
     */
    public FmfDiscovery context(FmfContext value) {
        return with(settings.withContext(value));
    }

    /**
     * {@return this discovery, with trees and libraries fetched to another place}
     *
     * @param value the place; by default {@link FmfCache#standard()}
     */
    public FmfDiscovery cache(FmfCache value) {
        return with(settings.withCache(value));
    }

    /**
     * {@return this discovery, which leaves libraries alone: what tests require of them is forgotten}
     */
    public FmfDiscovery withoutLibraries() {
        return with(settings.withLibraries(false));
    }

    /**
     * {@return this discovery, which looks elsewhere for {@code library(repository/name)}}
     *
     * @param url what {@code /repository} is appended to; by default {@code https://github.com/beakerlib}
     */
    public FmfDiscovery librariesFrom(String url) {
        return with(settings.withLibraryUrl(url));
    }

    /**
     * {@return this discovery, with variables that win over those of the plan, and that its texts may refer to}
     *
     * @param variables the variables
     */
    public FmfDiscovery environment(Map<String, String> variables) {
        return with(settings.withEnvironment(variables));
    }

    /**
     * {@return this discovery, whose plan need not be enabled}
     */
    public FmfDiscovery withDisabledPlan() {
        return with(settings.withDisabledPlan(true));
    }

    /**
     * {@return this discovery, which does what metadata ask of this machine} They may then name directories outside their
     * trees, and repositories by all protocols that git knows. Metadata of people who may not run programs here must not be
     * trusted.
     */
    public FmfDiscovery withTrustedMetadata() {
        return with(settings.withTrust(new Trust(true)));
    }

    /**
     * Reads the trees, fetches what is elsewhere, and chooses. Keys of the chosen tests and of the plan that are nearly those of
     * the format, such as {@code reqiure}, are logged as warnings and kept in {@link FmfTests#warnings}.
     *
     * @return the tests, at least one
     * @throws FmfException if a tree or library cannot be fetched or read, there is no such plan, or nothing is left to
     *     run
     * @throws InterruptedException if interrupted while something was being fetched
     */
    public FmfTests discover() throws InterruptedException {
        return new Discoverer(from, plan, wanted, settings).discover();
    }

    /**
     * Lists the plans of the tree that are enabled in this context, those that it imports included.
     *
     * @return their names, in the order that they ask for
     * @throws FmfException if a tree cannot be fetched or read
     * @throws InterruptedException if interrupted while something was being fetched
     */
    public List<String> plans() throws InterruptedException {
        return List.copyOf(new PlanFinder(settings.cache().tree(from), from, settings).names(settings.disabledPlan()));
    }

    /**
     * Says of each plan and test of the tree what would become of it in this context, one as broken as it may be not
     * keeping it from the others.
     *
     * @return what there is to say, plans first
     * @throws FmfException if the tree itself cannot be fetched or read
     * @throws InterruptedException if interrupted while something was being fetched
     */
    public List<FmfFinding> lint() throws InterruptedException {
        return new Linter(from, wanted, settings).findings();
    }
}
