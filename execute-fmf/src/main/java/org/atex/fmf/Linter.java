package org.atex.fmf;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.FmfFinding.Kind;
import org.atex.fmf.FmfFinding.State;
import org.atex.fmf.FmfKey.Fate;
import org.atex.fmf.FmfKey.Where;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;

/** Checks all plans and tests of a tree. For one thread. */
final class Linter {
    private final FmfId from;
    private final TestSelection selection;
    private final DiscoverySettings settings;
    private final List<FmfFinding> findings = new ArrayList<>();

    Linter(FmfId from, TestSelection selection, DiscoverySettings settings) {
        this.from = from;
        this.selection = selection;
        this.settings = settings;
    }

    List<FmfFinding> findings() throws InterruptedException {
        FmfTree tree = settings.cache().tree(from);
        PlanFinder finder = new PlanFinder(tree, from, settings);
        for (FmfNode node : finder.nodes()) {
            for (String name : planNames(finder, node)) {
                checkPlan(name, node);
            }
        }
        FmfTree adjusted = finder.adjusted();
        adjusted.prune(FmfQuery.all().key("test")).forEach(node -> checkTest(node, adjusted));
        return List.copyOf(findings);
    }

    /** {@return the names of the plans that a node imports; its own name if the import fails} */
    private static List<String> planNames(PlanFinder finder, FmfNode node) throws InterruptedException {
        try {
            return finder.names(node);
        } catch (FmfException e) {
            return List.of(node.name());
        }
    }

    private void checkPlan(String name, FmfNode node) throws InterruptedException {
        KeyCheck keys = new KeyCheck();
        keys.plan(node);
        List<String> warnings = keys.warnings();
        State state = State.TAKEN;
        String summary;
        try {
            // A complete discovery finds the same errors as a run. Errors of disabled plans are found, too.
            FmfTests tests = new Discoverer(from, name, selection, settings.withDisabledPlan(true)).discover();
            summary = tests.size() == 1 ? "1 test" : tests.size() + " tests";
            warnings = tests.warnings();
        } catch (FmfException e) {
            summary = String.valueOf(e.getMessage());
            state = State.REFUSED;
        }
        if (Boolean.FALSE.equals(node.data().get("enabled"))) {
            state = State.DISABLED;
        }
        findings.add(finding(Kind.PLAN, name, state, summary, node, warnings));
    }

    private void checkTest(FmfNode node, FmfTree tree) {
        KeyCheck keys = new KeyCheck();
        keys.node(node);
        State state = State.TAKEN;
        String summary = "";
        try {
            FmfTest.of(node, node.name(), "", new Libraries.Needs(Set.of(), Set.of()));
            Discoverer.directory(node, tree.directory().orElseThrow());
            if (!TestChooser.isEnabled(node, true)) {
                state = State.DISABLED;
                summary = node.bool("enabled", true) ? "manual" : "disabled";
            }
        } catch (FmfException e) {
            state = State.REFUSED;
            summary = String.valueOf(e.getMessage());
        }
        findings.add(finding(Kind.TEST, node.name(), state, summary, node, keys.warnings()));
    }

    private static FmfFinding finding(
            Kind kind, String name, State state, String summary, FmfNode node, List<String> warnings) {
        Map<Fate, List<String>> known = new EnumMap<>(Fate.class);
        List<String> others = new ArrayList<>();
        for (String key : node.data().keySet()) {
            FmfKey found = FmfKey.find(kind == Kind.PLAN ? Where.PLAN : Where.TEST, key);
            if (found == null) {
                others.add(key);
            } else {
                known.computeIfAbsent(found.fate(), unused -> new ArrayList<>()).add(key);
            }
        }
        return new FmfFinding(kind, name, state, summary, known, others, warnings);
    }
}
