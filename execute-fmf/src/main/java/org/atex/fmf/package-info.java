/** Discovery of fmf tests and plans, and an executor that runs them on systems. */
@NullMarked
@Stable
package org.atex.fmf;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
