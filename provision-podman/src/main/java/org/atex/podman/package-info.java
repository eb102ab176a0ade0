/** Containers of podman as systems under test. */
@NullMarked
@Stable
package org.atex.podman;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
