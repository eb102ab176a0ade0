/**
 * Shows a run as dynamic tests of JUnit. */
 *
 * <p>The page has a script and a style of its own, and no library. A table that is paged and a time line on a canvas need
 * few lines. The libraries for them are several times larger, and set styles or code in ways that the page's content
 * security policy forbids.
 */
@NullMarked
@Preview
package org.atex.junit;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
