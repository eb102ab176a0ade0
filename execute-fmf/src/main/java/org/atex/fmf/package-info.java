/** fmf tests: found in a tree, described as data, and run on systems. */
@NullMarked
@Stable
package org.atex.fmf;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
