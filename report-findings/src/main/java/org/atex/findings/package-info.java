/** Tells which tests of a run failed, and why: as data, as JSON and as Markdown. */
@NullMarked
@Preview
package org.atex.findings;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
