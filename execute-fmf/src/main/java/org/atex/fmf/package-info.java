/** fmf tests: found in a tree, described as data, and run on systems. */
@NullMarked
package org.atex.fmf;

import org.jspecify.annotations.NullMarked;
